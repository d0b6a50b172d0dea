// The test mirror as a process, for other network namespaces than this one's: node serve-directory.js ADDRESS PORT DIRECTORY IDENTITY.json
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startMirror } from './faulty-mirror.ts';

const [address = '', port = '', directory = '', identity = ''] = process.argv.slice(2);
const mirror = await startMirror({ address, port: Number(port), identity: JSON.parse(readFileSync(identity, 'utf8')) });
for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
  const path = join(directory, name);
  if (statSync(path).isFile()) mirror.files.set(`/${name}`, readFileSync(path));
}
console.log('serving');
