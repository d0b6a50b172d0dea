import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** A directory that lives as long as the test. */
export function temporaryDirectory(test: Pick<TestContext, 'after'>): string {
  const directory = mkdtempSync(join(tmpdir(), 'kubekiln-test-'));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
