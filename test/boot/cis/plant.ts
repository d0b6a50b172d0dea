// Leaks made on purpose: a search that finds nothing proves nothing until it finds these.
import type { Member } from '../control-plane.ts';

const KEY = '/etc/kubernetes/pki/apiserver.key';
const ENCRYPTION = '/etc/kubernetes/encryption-config.yaml';
const STATUS = '/var/lib/kubekiln/status.json';

const SCRIPT = `
line=$(sed -n 2p ${KEY})
secret=$(sed -n 's/.*secret: //p' ${ENCRYPTION} | tr -d \\'\\")
echo "decrypting with $secret" | logger --tag leak
echo "loading $line" > /dev/console
setsid sh -c "sleep 60; : $line" > /dev/null 2>&1 < /dev/null &
cp ${STATUS} ${STATUS}.kept
echo "{\\"reason\\":\\"$secret\\"}" >> ${STATUS}
umask 022
cat ${KEY} > /var/tmp/leak.pem
openssl pkey -in ${KEY} -outform DER > /var/tmp/leak.der
base64 ${KEY} > /run/leak.base64
gzip --stdout ${KEY} > /var/tmp/leak.gz
gzip --stdout ${KEY} | base64 -w 0 > /dev/shm/leak.gz.base64
printf '{"key":"%s"}' "$(sed ':a;N;$!ba;s/\\n/\\\\n/g' ${KEY})" > /var/tmp/leak.json
sync
`;

/** Leaks the serving key and the encryption secret of a host everywhere, in every form. Returns what a search should say. */
export async function plantLeaks({ host, name }: Member, encryptionKey: string): Promise<Readonly<Record<string, readonly string[]>>> {
  await host.sh(SCRIPT);
  const serving = `${name}/apiserver`;
  const pem = [serving, 'some private key'];
  return {
    journal: [encryptionKey],
    processes: [serving],
    console: [serving],
    'status.json': [encryptionKey],
    '/var/tmp/leak.pem': pem,
    '/var/tmp/leak.der': [serving],
    '/var/tmp/leak.gz': [serving],
    '/var/tmp/leak.json': pem,
    '/run/leak.base64': [serving],
    '/dev/shm/leak.gz.base64': [serving],
  };
}

/** Takes away what would disturb later looks at the host; the journal and the console keep theirs until the host goes. */
export async function removeLeaks({ host }: Member): Promise<void> {
  await host.sh(`mv ${STATUS}.kept ${STATUS}; rm /var/tmp/leak.* /run/leak.base64 /dev/shm/leak.gz.base64`);
}
