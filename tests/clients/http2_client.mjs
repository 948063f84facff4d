// One HTTP/2 connection, driven by Node's own client.
//
// In: one argument, JSON: { origin, ca, settings, steps }. A step is { requests: [fields, ...] }, asked for at once and
// awaited with all pushes that come, or { settings } for new ones, awaited until the server has acknowledged them.
// `cancel` in a step of requests: "promise" cancels each push when it is promised, "data" when its first bytes come.
// Out: JSON Lines in the order of the events: { event: "push" | "informational" | "response" | "end" | "closed", stream,
// ... }. Bodies are told by length and SHA-256. With `wire`, those in gzip are told by the SHA-256 of their content too,
// and so is each DATA frame, in the order in which it came in, which may not be that of the streams' events: { event:
// "frame", stream, length }. Any error ends it with status 1.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, constants } from 'node:http2';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { gunzipSync } from 'node:zlib';

const { origin, ca, settings, steps, wire } = JSON.parse(process.argv[2]);
const print = (event) => console.log(JSON.stringify(event));
const trusted = ca && readFileSync(ca);
const createConnection = wire ? listenedTo : undefined;
const session = connect(origin, { ca: trusted, settings, createConnection });
const fail = (error) => { console.error(error); process.exit(1); };
session.on('error', fail);
session.on('goaway', (code) => { if (code) fail(`GOAWAY ${code}`); });

/** A TLS connection on which the heads of frames are read along (RFC 9113, section 4.1). */
function listenedTo({ hostname: host, port }) {
  const socket = connectTls({ host, port, ca: trusted, ALPNProtocols: ['h2'] });
  let unread = Buffer.alloc(0);
  const read = (bytes) => {
    unread = Buffer.concat([unread, bytes]);
    while (unread.length >= 9 && unread.length >= 9 + unread.readUIntBE(0, 3)) {
      const length = unread.readUIntBE(0, 3);
      if (unread[3] === 0) print({ event: 'frame', stream: unread.readUInt32BE(5), length });
      unread = unread.subarray(9 + length);
    }
  };
  const through = new Duplex({
    read: () => socket.resume(),
    write: (bytes, _, done) => socket.write(bytes, done),
    final: (done) => socket.end(done),
  });
  socket.on('data', (bytes) => {
    read(bytes);
    if (!through.push(bytes)) socket.pause();
  });
  socket.on('end', () => through.push(null));
  socket.on('error', (error) => through.destroy(error));
  return through;
}

/** Prints what comes on a stream; resolves when it is closed. */
function follow(stream, cancel) {
  const pieces = [];
  const sha256 = (bytes) => createHash('sha256').update(bytes).digest('base64url');
  let isGzip;
  const answered = (fields) => {
    isGzip = fields['content-encoding'] === 'gzip';
    print({ event: 'response', stream: stream.id, fields });
  };
  stream.on('response', answered);
  stream.on('push', answered);
  stream.on('headers', (fields) => print({ event: 'informational', stream: stream.id, fields }));
  stream.on('data', (bytes) => {
    pieces.push(bytes);
    if (cancel === 'data') stream.close(constants.NGHTTP2_CANCEL);
  });
  stream.on('end', () => {
    const body = Buffer.concat(pieces);
    const end = { event: 'end', stream: stream.id, length: body.length, sha256: sha256(body) };
    if (wire && isGzip) end.inflated_sha256 = sha256(gunzipSync(body));
    print(end);
  });
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
