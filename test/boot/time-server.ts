// A time server (SNTP, RFC 4330) that answers with this machine's own clock, for hosts whose clock is wrong.
// usage: node time-server.js ADDRESS
import { createSocket } from 'node:dgram';

const NTP_PORT = 123;
/** Seconds from NTP's epoch, 1900, to 1970. */
const EPOCH = 2_208_988_800;
const FROM_SERVER = 4;

function stamp(milliseconds: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE((Math.floor(milliseconds / 1000) + EPOCH) % 2 ** 32, 0);
  bytes.writeUInt32BE(Math.floor(((milliseconds % 1000) / 1000) * 2 ** 32), 4);
  return bytes;
}

const socket = createSocket('udp4');
socket.on('message', (request, from) => {
  const now = stamp(Date.now());
  const answer = Buffer.alloc(48);
  answer[0] = ((request[0] ?? 0) & 0b0011_1000) | FROM_SERVER;
  answer[1] = 1;
  answer[2] = request[2] ?? 0;
  answer.writeInt8(-20, 3);
  answer.write('LOCL', 12, 'latin1');
  now.copy(answer, 16);
  request.copy(answer, 24, 40, 48);
  now.copy(answer, 32);
  now.copy(answer, 40);
  socket.send(answer, from.port, from.address);
});
socket.bind(NTP_PORT, process.argv[2]);
