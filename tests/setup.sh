# Sourced by tests/run and fixtures/demo/run: sees to what building needs, installing through apt what is missing.

# install_packages PACKAGE...: through apt, as root.
install_packages() {
    command -v apt-get >/dev/null || { echo "$* is missing; install it with your system's package manager" >&2; exit 2; }
    local as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        sh -c "apt-get -q -o DPkg::Lock::Timeout=300 update && apt-get -q -y -o DPkg::Lock::Timeout=300 install $*" >&2
}

# need COMMAND PACKAGE: installs the package if the command is not there.
need() {
    command -v "$1" >/dev/null && return
    echo "installing $2 for $1" >&2
    install_packages "$2"
}

need cc gcc
if ! command -v cargo >/dev/null; then
    echo "cargo is missing; install Rust 1.95 or newer from https://rustup.rs" >&2
    exit 2
fi
