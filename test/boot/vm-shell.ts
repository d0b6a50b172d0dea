// The way into a virtual machine: a shell on its second serial line, which a unit of the image starts early.
import { connect, type Socket } from 'node:net';
import { shellWord } from '../../src/formats/shell.ts';
import type { Output } from './command.ts';
import { eventually } from './patience.ts';

export interface VmShell {
  /** Runs a script; both its outputs come as stdout. One at a time: others wait. @throws when there is no answer in `timeout` milliseconds, default 5 minutes */
  run(script: string, timeout?: number): Promise<Output>;
  close(): void;
}

/** @param path QEMU's socket of the line */
export async function openVmShell(path: string): Promise<VmShell> {
  const socket = await eventually(`${path} answers`, () => connected(path), { timeout: 10_000 });
  let heard = '';
  let count = 0;
  let listener = () => {};
  let failure: Error | undefined;
  const fail = (error: Error) => {
    failure = error;
    listener();
  };
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    heard += text;
    listener();
  });
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the machine is off')));

  function answer(line: string, end: RegExp, timeout: number): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(new Error(`no answer in ${timeout / 1000} s: ${line}`)), timeout);
      const settle = (error: Error) => {
        clearTimeout(timer);
        listener = () => {};
        reject(error);
      };
      listener = () => {
        const found = end.exec(heard);
        if (found === null) {
          if (failure !== undefined) settle(failure);
          return;
        }
        clearTimeout(timer);
        listener = () => {};
        resolve(found);
      };
      heard = '';
      socket.write(line);
      listener();
    });
  }

  // What is written before the shell runs is lost.
  async function greet(timeout: number): Promise<void> {
    const end = performance.now() + timeout;
    while (true) {
      const mark = `greeting-${count++}`;
      try {
        await answer(`\necho ${mark}.\n`, new RegExp(`${mark}\\.\n`), 1000);
        return;
      } catch (error) {
        if (failure !== undefined || performance.now() > end) throw error;
      }
    }
  }

  let greeted = false;
  let last: Promise<unknown> = Promise.resolve();
  async function once(script: string, timeout: number): Promise<Output> {
    if (!greeted) await greet(timeout);
    greeted = true;
    const mark = `end-${count++}`;
    const line = `sh -ec ${shellWord(script)} </dev/null 2>&1; echo "${mark}:$?."\n`;
    const [, stdout = '', code = ''] = await answer(line, new RegExp(`^([^]*)${mark}:(\\d+)\\.\n`), timeout);
    return { code: Number(code), stdout, stderr: '' };
  }
  return {
    run: (script, timeout = 300_000) => {
      const result = last.then(() => once(script, timeout));
      last = result.catch(() => {});
      return result;
    },
    close: () => socket.destroy(),
  };
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => resolve(socket));
    socket.once('error', reject);
  });
}
