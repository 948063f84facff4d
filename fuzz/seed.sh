#!/bin/sh
# Fills corpus/ with seeds: the fixtures and what the crates' tests are made of. What is there already stays.
set -eu
cd "$(dirname "$0")"
fixtures=../fixtures
policy=../crates/pushgen-policy
# libFuzzer cuts what is longer than its -max_len.
largest=16384

for target in html css js import_map srcset policy digest site; do
    mkdir -p "corpus/$target"
done

# The name of a seed is that of its file, so that a run without changes adds nothing.
name() {
    printf '%s' "${1#"$fixtures/"}" | tr '/' '_'
}

# Files of at most 16 KiB whose names match.
files() {
    find "$fixtures" -type f -size -"$((largest / 512))" -name "$1" | sort
}

for pattern in '*.html' '*.htm' '*.svg' '*.xml'; do
    files "$pattern" | while read -r file; do cp "$file" "corpus/html/$(name "$file")"; done
done
files '*.css' | while read -r file; do cp "$file" "corpus/css/$(name "$file")"; done
for pattern in '*.js' '*.mjs'; do
    files "$pattern" | while read -r file; do cp "$file" "corpus/js/$(name "$file")"; done
done

# Attributes, one seed for each that is on one line. Media queries and sizes are read by the css target.
attributes() {
    grep -rhoE --include='*.html' "[ \"']$1=\"[^\"]+\"" "$fixtures" | sed -E 's/^[^"]*"//; s/"$//' | sort -u
}
i=0
for attribute in media sizes style; do
    attributes "$attribute" > "corpus/.list"
    while read -r value; do
        i=$((i + 1))
        printf '%s' "$value" > "corpus/css/$attribute-$i"
    done < corpus/.list
done
attributes '(image)?srcset' > "corpus/.list"
while read -r value; do
    i=$((i + 1))
    printf '%s\000(max-width: 600px) 100vw, calc(50vw + 10px)\000/a.png' "$value" > "corpus/srcset/$i"
done < corpus/.list
printf 'a.png 480w, b.png 800w, c.png 2x\000auto\000 a.png ' > corpus/srcset/widths
printf 'a.png 1.5x, b.png 2e0x 3h, data:,a ( , ) 1x\000' > corpus/srcset/densities

# Import maps, with a later map, a specifier and the importing module.
for specifier in a lib/x ./x.js https://example.com/a/x.js; do
    i=$((i + 1))
    printf '%s\000%s\000%s\000/a/x.js' \
        '{"imports": {"a": "/1.js", "lib/": "./lib/", "/a/x.js": "../y.js", "n": null}, "integrity": {"/1.js": "sha256-x"}}' \
        '{"imports": {"a": "/2.js"}, "scopes": {"/a/": {"a": "/3.js", "lib/x": "./4.js"}, "./": {}}}' \
        "$specifier" > "corpus/import_map/$i"
done

# Policies: the format's example, and pieces of it.
cp "$policy/schema/example.json" corpus/policy/example
find "$fixtures" -type f -name '*policy*.json' | while read -r file; do cp "$file" "corpus/policy/$(name "$file")"; done
# Fingerprints are hashes of paths: with them nearly every change of a path is refused at once.
sed -E '/^ *"origin":/d; s/, "fingerprints": \{[^}]*\}//' "$policy/schema/example.json" > corpus/policy/no-fingerprints

# Cache digests of the vectors: as fields, and as octets.
sed -n 's/.*"header": *"\([^"]*\)".*/\1/p' "$policy/tests/vectors/cache-digest.json" | sort -u > corpus/.list
while read -r value; do
    i=$((i + 1))
    printf '%s' "$value" > "corpus/digest/field-$i"
done < corpus/.list
sed -n 's/.*"digest_hex": *"\([0-9a-f]*\)".*/\1/p' "$policy/tests/vectors/cache-digest.json" | sort -u > corpus/.list
while read -r value; do
    i=$((i + 1))
    # Octal escapes are what every printf has.
    for octet in $(printf '%s' "$value" | sed 's/../& /g'); do
        printf "\\$(printf '%03o' "0x$octet")"
    done > "corpus/digest/octets-$i"
done < corpus/.list

# Sites: the first page, sheet and script of each fixture, referring to the files that the target writes.
renamed() {
    sed -E 's#[[:alnum:]_./%-]+\.css#style.css#g; s#[[:alnum:]_./%-]+\.m?js#app.js#g
        s#[[:alnum:]_./%-]+\.woff2?#font.woff2#g; s#[[:alnum:]_./%-]+\.(png|jpg|svg|webp)#image.png#g' "$@"
}
for folder in "$fixtures"/*/dist; do
    {
        for pattern in '*.html' '*.css' '*.js'; do
            find "$folder" -type f -name "$pattern" -size -16 | sort | head -n 1 | while read -r file; do
                LC_ALL=C renamed "$file" | tr -d '\000'
            done
            printf '\000'
        done
        printf '\006'
    } > "corpus/site/$(name "$folder")"
done

rm -f corpus/.list
for target in corpus/*; do
    echo "$target: $(find "$target" -type f | wc -l) seeds"
done
