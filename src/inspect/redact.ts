// What must never be shown. Kinds: private keys in PEM, key material of EncryptionConfiguration, keys and tokens of kubeconfigs, passwords, and the
// same behind base64, alone or compressed.

// A block without an end (a truncated file) is secret up to the end of the text.
const PEM_KEY = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$)/g;
const KEY_MATERIAL = /(\b(?:client-key-data|secret)["']?\s*:\s*["']?)([A-Za-z0-9+/_-]{20,}={0,2})/g;
// netrc(5)
const LOGIN = /(^machine \S+ login )\S+ password \S+/gm;
// RFC 7617
const BASIC = /(\bAuthorization\W{1,6}Basic )[A-Za-z0-9+/]+={0,2}/gi;
const CREDENTIAL = /(\b(?:token|password|client-secret)["']?\s*:\s*["']?)([^\s"',}]{8,})/g;
// unbroken, or in lines of 60 columns and more
const BASE64_RUN = /(?:[A-Za-z0-9+/]{60,}\s+)*[A-Za-z0-9+/]{16,}={0,2}/g;
const MIN_BASE64 = 64;
const GZIP_IN_BASE64 = 'H4sI';

/** The text with every secret replaced by what it was. */
export function redact(text: string): string {
  return replaceKeyMaterial(text).replace(CREDENTIAL, '$1(redacted)');
}

/** True when the text holds a private key or an encryption key, in the clear or in base64. */
export function holdsKeyMaterial(text: string): boolean {
  return replaceKeyMaterial(text) !== text;
}

function replaceKeyMaterial(text: string): string {
  return text
    .replace(PEM_KEY, (_match, label: string) => `(redacted: ${label})`)
    .replace(LOGIN, '$1(redacted)')
    .replace(BASIC, '$1(redacted)')
    .replace(KEY_MATERIAL, '$1(redacted)')
    .replace(BASE64_RUN, run => (hidesKey(run) ? '(redacted: base64)' : run));
}

function hidesKey(run: string): boolean {
  if (run.length < MIN_BASE64) return false;
  // compressed data could hold anything
  return run.startsWith(GZIP_IN_BASE64) || Buffer.from(run, 'base64').includes('PRIVATE KEY-----');
}
