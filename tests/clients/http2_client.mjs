// One HTTP/2 connection, driven by Node's own client.
//
// In: one argument, JSON: { origin, ca, settings, steps }. A step is { requests: [fields, ...] }, asked for at once and
// awaited with all pushes that come, or { settings } for new ones, awaited until the server has acknowledged them.
// `cancel` in a step of requests: "promise" cancels each push when it is promised, "data" when its first bytes come.
// Out: JSON Lines in the order of the events: { event: "push" | "informational" | "response" | "end" | "closed", stream,
// ... }. Bodies are told by length and SHA-256. Any error ends it with status 1.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, constants } from 'node:http2';

const { origin, ca, settings, steps } = JSON.parse(process.argv[2]);
const session = connect(origin, { ca: ca && readFileSync(ca), settings });
const print = (event) => console.log(JSON.stringify(event));
const fail = (error) => { console.error(error); process.exit(1); };
session.on('error', fail);
session.on('goaway', (code) => { if (code) fail(`GOAWAY ${code}`); });

/** Prints what comes on a stream; resolves when it is closed. */
function follow(stream, cancel) {
  const hash = createHash('sha256');
  let length = 0;
  const answered = (fields) => print({ event: 'response', stream: stream.id, fields });
  stream.on('response', answered);
  stream.on('push', answered);
  stream.on('headers', (fields) => print({ event: 'informational', stream: stream.id, fields }));
  stream.on('data', (bytes) => {
    hash.update(bytes);
    length += bytes.length;
    if (cancel === 'data') stream.close(constants.NGHTTP2_CANCEL);
  });
  stream.on('end', () => print({ event: 'end', stream: stream.id, length, sha256: hash.digest('base64url') }));
  stream.on('error', fail);
  if (cancel === 'promise') stream.close(constants.NGHTTP2_CANCEL);
  return new Promise((resolve) => stream.on('close', () => {
    print({ event: 'closed', stream: stream.id, code: stream.rstCode });
    resolve();
  }));
}

for (const step of steps) {
  if (step.settings) await new Promise((resolve) => session.settings(step.settings, resolve));
  const open = [];
  const promised = (stream, fields) => {
    print({ event: 'push', stream: stream.id, fields });
    open.push(follow(stream, step.cancel));
  };
  session.on('stream', promised);
  for (const fields of step.requests ?? []) {
    const stream = session.request(fields, { endStream: true });
    stream.on('ready', () => print({ event: 'request', stream: stream.id, fields }));
    open.push(follow(stream));
  }
  // Streams that are promised meanwhile are awaited too.
  for (let each; (each = open.shift());) await each;
  session.off('stream', promised);
  print({ event: 'step' });
}
session.close();
