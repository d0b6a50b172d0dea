// What the bundle has in the place of run-program.ts (bundle.mjs): the program is one script beside it, with what V8 made of it when it was built.
// Reading and compiling all of it in each process would take a fifth of a build of three nodes.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cachedDataVersionTag } from 'node:v8';
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
  const cache = new URL(codeCacheName(), url);
  // it is ASCII
  const script = new Script(readFileSync(filename, 'latin1'), { filename, ...(existsSync(cache) && { cachedData: readFileSync(cache) }) });
  const wrapper: Wrapper = script.runInThisContext();
  const module = { exports: {} as typeof Program };
  // it requires nothing else
  wrapper(module.exports, process.getBuiltinModule, module, url.href);
  return module.exports;
}

/** The code cache of this very node: V8 knows one of another V8, but not one of another node with the same V8, with which it crashes. */
function codeCacheName(): string {
  return `program-${process.version}-${process.platform}-${process.arch}-${cachedDataVersionTag().toString(16)}.cache`;
}
