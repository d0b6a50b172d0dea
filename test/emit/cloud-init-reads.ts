// Lets the real cloud-init take user-data apart: its processor, its part handlers with their merging, its decoding of write_files. Nothing is written
// but below a directory of the test's own.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from '../temporary-directory.ts';

const SCRIPT = `
import base64, json, os, sys, yaml
from cloudinit import handlers, helpers, user_data
from cloudinit.config import cc_write_files
from cloudinit.handlers.boot_hook import BootHookPartHandler
from cloudinit.handlers.cloud_config import CloudConfigPartHandler
from cloudinit.handlers.jinja_template import JinjaTemplatePartHandler
from cloudinit.handlers.shell_script import ShellScriptPartHandler

root = sys.argv[1]
class Source:
    def get_instance_id(self):
        return 'i-test'
paths = helpers.Paths({'cloud_dir': root + '/cloud', 'run_dir': root + '/run', 'templates_dir': root}, Source())
for name in ('boothooks', 'scripts', 'cloud_config', 'data'):
    os.makedirs(os.path.dirname(paths.get_ipath(name)), exist_ok=True)
with open(paths.get_runpath('instance_data_sensitive'), 'w') as file:
    json.dump({'v1': {'instance_id': 'i-test'}}, file)
config = CloudConfigPartHandler(paths)
shell = ShellScriptPartHandler(paths)
known = helpers.ContentHandlers()
every = [config, shell, BootHookPartHandler(paths, Source()), JinjaTemplatePartHandler(paths, sub_handlers=[config, shell])]
for handler in every:
    known.register(handler, overwrite=False)
with open(root + '/user-data', 'rb') as file:
    message = user_data.UserDataProcessor(paths).process(file.read())
data = {'handlers': known, 'handlerdir': root, 'data': None, 'frequency': 'once-per-instance', 'handlercount': 0, 'excluded': []}
for handler in every:
    handlers.call_begin(handler, None, 'once-per-instance')
handlers.walk(message, handlers.walker_callback, data=data)
for handler in every:
    handlers.call_end(handler, None, 'once-per-instance')
with open(paths.get_ipath('cloud_config')) as file:
    merged = yaml.safe_load(file)
def decoded(entry):
    steps = cc_write_files.canonicalize_extraction(entry.get('encoding'))
    content = cc_write_files.extract_contents(entry.get('content', ''), steps)
    return base64.b64encode(content if isinstance(content, bytes) else content.encode()).decode()
scripts = paths.get_ipath_cur('scripts')
print(json.dumps({
    'bootcmd': merged['bootcmd'],
    'files': [[entry['path'], entry.get('permissions'), decoded(entry)] for entry in merged['write_files']],
    'keys': sorted(merged),
    'scripts': sorted(os.listdir(scripts)) if os.path.isdir(scripts) else [],
}))
`;

export interface CloudInitResult {
  readonly bootcmd: readonly (readonly string[])[];
  /** Path, permissions, decoded content. */
  readonly files: readonly { readonly path: string; readonly permissions: string; readonly content: Buffer }[];
  /** Top-level keys of the merged cloud-config. */
  readonly keys: readonly string[];
  readonly scripts: readonly string[];
}

/** @param userData what the datasource hands on: after base64, before gzip */
export function cloudInitReads(t: TestContext, userData: Uint8Array): CloudInitResult {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, 'run'), { recursive: true });
  writeFileSync(join(root, 'user-data'), userData);
  const { files, ...rest } = JSON.parse(execFileSync('/usr/bin/python3', ['-c', SCRIPT, root], { encoding: 'utf8' }));
  const read = files.map(([path, permissions, content]: [string, string, string]) => ({
    path,
    permissions,
    content: Buffer.from(content, 'base64'),
  }));
  return { ...rest, files: read };
}
