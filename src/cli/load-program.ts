// What the bundle has in the place of run-program.ts (bundle.mjs): the program is one script beside it, with what V8 made of it when it was built.
// Reading and compiling all of it in each process would take a fifth of a build of three nodes.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import type * as Program from './run-program.ts';

/** A wrapper around the program, which is a CommonJS module but for the last word. */
type Wrapper = (exports: object, require: typeof process.getBuiltinModule, module: { exports: typeof Program }, url: string) => void;

export function runProgram(words: readonly string[]): Promise<void> {
  return loadProgram().runProgram(words);
}

function loadProgram(): typeof Program {
  const url = new URL('program.cjs', import.meta.url);
  const filename = fileURLToPath(url);
  // it is ASCII, and another version of node passes over a code cache that is not its own
  const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData: readFileSync(new URL('program.cache', url)) });
  const wrapper: Wrapper = script.runInThisContext();
  const module = { exports: {} as typeof Program };
  // it requires nothing else
  wrapper(module.exports, process.getBuiltinModule, module, url.href);
  return module.exports;
}
