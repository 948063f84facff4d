#!/bin/sh
# Fills corpus/ with seeds: the fixtures and what the crates' tests are made of. What is there already stays.
set -eu
cd "$(dirname "$0")"
fixtures=../fixtures
policy=../crates/pushgen-policy
# libFuzzer cuts what is longer than its -max_len.
largest=16384

for target in html css style js import_map har srcset policy digest site observer request decision response redirect; do
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

files '*.har' | while read -r file; do cp "$file" "corpus/har/$(name "$file")"; done

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

# Pages with the first sheet of each fixture.
for folder in "$fixtures"/*/dist; do
    {
        find "$folder" -type f -name '*.html' -size -16 | sort | head -n 1 | while read -r file; do
            LC_ALL=C tr -d '\000' < "$file"
        done
        printf '\000'
        find "$folder" -type f -name '*.css' -size -16 | sort | head -n 1 | while read -r file; do cat "$file"; done
    } > "corpus/style/$(name "$folder")"
done

# Heads of requests, with and without what says that the client has everything, nothing or wants no pushes. Behind NUL
# are the choices: of rules, connection and record, and what is told afterwards.
navigation='sec-fetch-mode: navigate\nsec-fetch-dest: document\n'
for fields in '' 'accept: text/html\n' "$navigation" "${navigation}save-data: on\n" "${navigation}via: 1.1 x\n" \
    "${navigation}if-none-match: \"x\"\n" "${navigation}range: bytes=0-\n" "${navigation}sec-purpose: prefetch\n" \
    "${navigation}accept-push-policy: none\n" "${navigation}priority: u=1, i\n" \
    "${navigation}cookie: a=b; __Host-pushgen-digest=AUjA\n" "${navigation}cache-digest: AfdA; complete\n" \
    'sec-fetch-mode: navigate\nsec-fetch-dest: iframe\n' 'authorization: Basic x\nexpect: 100-continue\n'; do
    for line in 'GET https://example.com/' 'GET https://example.com/twice/' 'HEAD https://example.com/one/' 'POST /'; do
        i=$((i + 1))
        printf "%s\n$fields\000\001\000\000\005\002\002\040\001\000\007" "$line" > "corpus/request/$i"
        printf "%s\n$fields" "$line" > "corpus/decision/$i"
        printf "%s\n$fields\000%s" "$line" '00000000000000000000000000000003111222333444555666777888999' > "corpus/decision/told-$i"
    done
done

# Heads of responses.
for fields in 'cache-control: max-age=600\n' 'cache-control: public\n' 'cache-control: private, max-age=60\nage: 59\n' \
    'expires: Thu, 01 Oct 2026 00:00:00 GMT\ndate: Thu, 01 Oct 2026 00:00:00 GMT\n' 'set-cookie: a=b\nvary: *\n' \
    'last-modified: Tue, 01 Sep 2026 00:00:00 GMT\n' 'link: </a>; rel=preload; as=style, </b>\n' \
    'connection: keep-alive, x-a\nx-a: 1\ntransfer-encoding: chunked\ncontent-length: 5\n' \
    'vary: accept-encoding, origin\npragma: no-cache\n'; do
    for status in 200 103 204 304 404; do
        i=$((i + 1))
        printf "%s\n$fields\000\001\000\020\001" "$status" > "corpus/response/$i"
    done
done

# Redirects: what the tests of the runtime resolve.
for location in / /x/ '/x?y=z' '/x#top' c ./ . ../ ../../../x b/ '?q' /x/./y/../z '/x?/../y' /a:b ./a:b https://example.com \
    https://example.com?x HTTPS://EXAMPLE.com:443/x/ //example.com/x/ /x//y /.//x '/%2e%2e/x'; do
    i=$((i + 1))
    printf '/a/b?c\000%s' "$location" > "corpus/redirect/$i"
done

# Steps of a connection: the client's preface and SETTINGS, a slot taken and named, the promise, its head and its end.
preface='PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
settings='\001\003\000\000\000\000\000\000\011\077\011\077'
promise='\005\006\000\010\013\077\000\000'
for rest in "$promise" "$promise$promise" "\005\007$promise\015" "$promise\004\001\002\005\000\000\000\013\077\000\000\015" \
    "$promise\001\002\002\000\010\000\011\077\015" "$promise\001\005\000\000\000\000\000\011\077\015"; do
    i=$((i + 1))
    printf "\000\030$preface$settings$rest" > "corpus/observer/$i"
done

rm -f corpus/.list
for target in corpus/*; do
    echo "$target: $(find "$target" -type f | wc -l) seeds"
done
