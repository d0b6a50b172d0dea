import { spawnSync } from 'node:child_process';

/**
 * The reason to skip a test whose oracle is not installed, or false. In CI nothing is skipped: a missing tool fails there, where the test then
 * runs into it.
 */
export function missingTool(name: string): string | false {
  if (process.env.CI !== undefined) return false;
  const found = spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
  return found ? false : `${name} is not installed`;
}
