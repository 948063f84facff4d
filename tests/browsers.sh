# Sourced by tests/run after tests/setup.sh: sees to the two browsers of tests/clients. Exports where they are:
#   PUSHGEN_TEST_CHROMIUM            today's Chromium, which refuses pushes and takes 103 Early Hints
#   PUSHGEN_TEST_CHROMIUM_WITH_PUSH  Chromium 103, whose HTTP/2 still takes pushes; kept in $PUSHGEN_TEST_CACHE
# What is set already is left alone. With PUSHGEN_SKIP_BROWSERS=1 nothing is installed and those tests are left out.

[ "${PUSHGEN_SKIP_BROWSERS:-}" != 1 ] || return 0

# The headless shell is the same engine and starts faster.
find_chromium() { command -v chromium-headless-shell || command -v chromium; }
if [ -z "${PUSHGEN_TEST_CHROMIUM:-}" ]; then
    find_chromium >/dev/null || need chromium-headless-shell chromium-headless-shell || need chromium chromium
    PUSHGEN_TEST_CHROMIUM=$(find_chromium)
fi

# with_push FOLDER: puts Chromium 103 there. No distribution has it any more; this package of the npm registry,
# made for servers without a screen, does. It is one program, compressed, for x86-64.
with_push() {
    local sha512=b455f9939b96013d1f2317a552da4de0637554e4d3eb500707aad18de6330b6f7a4a38b328cd6936c9445a3d187ae6a329fb2735e0ee1e2cc1df6d134d33ab90
    local archive=sparticuz-chromium-103.0.0.tgz folder unfinished
    if [ "$(uname -sm)" != "Linux x86_64" ]; then
        echo "Chromium 103 is for Linux on x86-64; set PUSHGEN_SKIP_BROWSERS=1 to go without browsers" >&2
        exit 2
    fi
    need node nodejs
    # What Debian recommends with npm is half a gigabyte.
    command -v npm >/dev/null || install_packages --no-install-recommends npm
    echo "installing Chromium 103 in $1" >&2
    mkdir -p "$1"
    folder=$(cd "$1" && pwd)
    unfinished=$(mktemp -d "$folder/unfinished.XXXXXX")
    (
        trap 'rm -rf "$unfinished"' EXIT
        cd "$unfinished"
        npm pack --loglevel=error @sparticuz/chromium@103.0.0 >/dev/null
        echo "$sha512  $archive" | sha512sum --check --quiet >&2
        tar -xzf "$archive" package/bin/chromium.br
        node -e '
            const { createReadStream, createWriteStream } = require("fs");
            require("stream").pipeline(createReadStream("package/bin/chromium.br"), require("zlib").createBrotliDecompress(),
                createWriteStream("chromium", { mode: 0o755 }), (error) => { if (error) throw error; });'
        # Renamed last: what is there is whole.
        mv chromium "$folder/chromium"
    )
}
if [ -z "${PUSHGEN_TEST_CHROMIUM_WITH_PUSH:-}" ]; then
    PUSHGEN_TEST_CHROMIUM_WITH_PUSH=${PUSHGEN_TEST_CACHE:-$PWD/target/test-tools}/chromium-103/chromium
    [ -x "$PUSHGEN_TEST_CHROMIUM_WITH_PUSH" ] || with_push "$(dirname "$PUSHGEN_TEST_CHROMIUM_WITH_PUSH")"
fi
# Of its libraries these are in no minimal system.
if ldd "$PUSHGEN_TEST_CHROMIUM_WITH_PUSH" | grep -q 'not found'; then
    install_packages libnss3 libexpat1
fi
export PUSHGEN_TEST_CHROMIUM PUSHGEN_TEST_CHROMIUM_WITH_PUSH
