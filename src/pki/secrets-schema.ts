import '../formats/zod-settings.ts';
import * as z from 'zod';
import { fromRfc3339 } from '../clock.ts';
import { SECRETS_API_VERSION, type Secrets } from './secrets.ts';

const text = z.string().min(1);
const timestamp = z
  .string()
  .refine(value => fromRfc3339(value) !== undefined, { params: { expected: 'a time such as 2026-11-22T13:00:00Z' } });
const counter = z.int().min(1);
const entry = { id: text, createdAt: timestamp, state: z.enum(['active', 'trusted', 'retired']) };

const authority = z.strictObject({ ...entry, certificate: text, key: text.exactOptional() });
const serviceAccountKey = z.strictObject({ ...entry, publicKey: text, key: text.exactOptional() });
const secret = z.base64().refine(value => Buffer.from(value, 'base64').length === 32, { params: { expected: '32 bytes in base64' } });
const encryptionKey = z.strictObject({ ...entry, name: text, secret });

// What stands in a netrc file, which knows quotes only since curl 7.84.
const netrcWord = (what: string) =>
  z.string().refine(value => /^[!$-&(-[\]-~][!$-&(-[\]-~#]*$/.test(value), { params: { expected: what } });
const downloadCredential = z.strictObject({
  host: z
    .string()
    .refine(value => /^([A-Za-z0-9._-]+|[0-9a-f:]+)$/.test(value), { params: { expected: 'a host name or an address, without a port' } }),
  username: netrcWord('visible ASCII without blanks, quotes, backslashes and a leading #'),
  password: netrcWord('visible ASCII without blanks, quotes, backslashes and a leading #'),
});

const line = (what: string, pattern: RegExp) => z.string().refine(value => pattern.test(value), { params: { expected: what } });
const registryCredential = z.strictObject({
  host: line('a registry as image names have it, with its port unless that is 443', /^[a-z0-9][a-z0-9.-]*(:(?!443$)[0-9]{1,5})?$/),
  // RFC 7617: the first colon ends the name
  username: line('one line without a colon', /^[^:\p{Cc}]+$/u),
  password: line('one line', /^[^\p{Cc}]+$/u),
});

/** Shape of the secrets file; what it cannot say stands in check-secrets.ts. */
export const secretsSchema: z.ZodType<Secrets> = z.strictObject({
  apiVersion: z.literal(SECRETS_API_VERSION),
  kind: z.literal('Secrets'),
  metadata: z.strictObject({ cluster: text, createdAt: timestamp }),
  certificateAuthorities: z.strictObject({ kubernetes: z.array(authority), etcd: z.array(authority), 'front-proxy': z.array(authority) }),
  serviceAccountKeys: z.array(serviceAccountKey),
  encryptionKeys: z.array(encryptionKey),
  downloadCredentials: z.array(downloadCredential).exactOptional(),
  registryCredentials: z.array(registryCredential).exactOptional(),
  etcd: z.strictObject({ clusterToken: text, bootstrapBefore: timestamp }),
  nodes: z.record(z.string(), z.strictObject({ generation: counter, instance: counter })),
  leaves: z.record(z.string().regex(/^[0-9a-f]{64}$/), z.strictObject({ name: text, certificate: text, key: text })),
  rotation: z.strictObject({ stage: z.literal('none') }),
});
