// A private key as short as its standards allow, since user-data has 16 KB and holds a dozen of them.
import { der, derChildren, readDer, TAG } from './der.ts';

/**
 * PKCS#8 (RFC 5958) in, PKCS#8 out: the copy of the public key in an EC key (RFC 5915, section 3: OPTIONAL) is left out. Every reader computes it
 * from the private one; the certificate beside it has it anyway, and as random bytes it compresses to nothing. Other keys stay as they are.
 */
export function compactPrivateKey(pkcs8: Uint8Array): Buffer {
  const [version, algorithm, octets, ...rest] = derChildren(readDer(pkcs8));
  const inner = octets && octets.content[0] === TAG.sequence ? derChildren(readDer(octets.content)) : [];
  const [innerVersion, privateKey] = inner;
  const isEc = privateKey?.tag === TAG.octetString;
  if (!version || !algorithm || !innerVersion || !isEc) return Buffer.from(pkcs8);
  const ecPrivateKey = der(TAG.sequence, innerVersion.raw, privateKey.raw);
  return der(TAG.sequence, version.raw, algorithm.raw, der(TAG.octetString, ecPrivateKey), ...rest.map(value => value.raw));
}
