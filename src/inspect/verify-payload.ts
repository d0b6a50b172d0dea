import { COMPLETE_ENTRY, entryOf, PLAN_ENTRY, TARBALL_PROGRAMS } from '../formats/payload-directory.ts';
import type { Findings } from './checks.ts';
import { finding } from './finding.ts';
import type { NodeView } from './node-view.ts';
import { fileText } from './payload-view.ts';
import { holdsKeyMaterial } from './redact.ts';

const UNCHECKED = "the payload's digest was not checked: the archive with its runtime part is not at hand";
const OTHERS_MAY_READ = 0o007;

/** Digest, completeness, and no key in a file that others may read. */
export function verifyPayload(findings: Findings, { subject, payload }: NodeView): void {
  const { digest, statedDigest } = payload;
  if (digest === undefined && statedDigest !== undefined) {
    const hint = 'verify out/<cluster> as a whole, where image/runtime.tar.gz completes it';
    findings.check('payloads', false, () => finding('runtime-elsewhere', subject, UNCHECKED, hint, 'warning'));
  } else
    findings.check('payloads', statedDigest === digest, () =>
      finding(
        'payload-digest',
        subject,
        statedDigest === undefined
          ? 'the payload is not whole: .complete is missing'
          : `the payload's digest is ${digest}, but .complete says ${statedDigest}`,
      ),
    );
  const planned = new Set([PLAN_ENTRY, COMPLETE_ENTRY, ...TARBALL_PROGRAMS, ...payload.files.map(file => entryOf(file.path))]);
  for (const entry of payload.entries.keys()) {
    findings.check('payloads', planned.has(entry), () =>
      finding('payload-unplanned', subject, `${entry} is in the payload, but not in its plan`),
    );
  }
  for (const { path, mode } of payload.files) {
    if (!holdsKeyMaterial(fileText(payload, path) ?? '')) continue;
    const carried = payload.entries.get(entryOf(path))?.mode ?? 0o600;
    findings.check('modes', (mode & OTHERS_MAY_READ) === 0, () =>
      finding('secret-readable', `${subject}: ${path}`, `it holds a key, and gets mode ${octal(mode)}`),
    );
    findings.check('modes', (carried & OTHERS_MAY_READ) === 0, () =>
      finding('secret-readable', `${subject}: ${path}`, `it holds a key, and is staged with mode ${octal(carried)}`),
    );
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
