// What a cloud has at its metadata addresses: user-data over HTTP, and on the same addresses a resolver, whose every answer is empty.
// usage: node metadata-server.js ADDRESS…
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';

/** The bit of a DNS message that says that it is an answer (RFC 1035, 4.1.1). */
const ANSWER = 0x80;

for (const address of process.argv.slice(2)) {
  createServer((_, response) => response.end('user-data\n')).listen(80, address);
  const resolver = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  resolver.on('message', (question, from) => {
    question[2] = (question[2] ?? 0) | ANSWER;
    resolver.send(question, from.port, from.address);
  });
  resolver.bind(53, address);
}
