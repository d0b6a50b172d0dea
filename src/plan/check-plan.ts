// Validates what comes out: a plan that breaks a rule here is our bug, never the user's.
import { basename } from 'node:path';
import { invariant } from '../bug.ts';
import type { NodePlan, PlannedFile } from './node-plan.ts';

// The installer is a shell script that reads one line per item: nothing else may stand in a path.
const CLEAN_PATH = /^(\/[A-Za-z0-9_@][A-Za-z0-9._@-]*)+$/;
const KEY_MATERIAL = /-----BEGIN [A-Z ]*PRIVATE KEY-----|^\s*secret: /m;

function checkFile(where: string, file: PlannedFile, owners: ReadonlySet<string>, units: ReadonlySet<string>): void {
  const what = `${where}: ${file.path}`;
  invariant(CLEAN_PATH.test(file.path), `${what} is not a clean absolute path`);
  invariant(owners.has(file.owner), `${what} belongs to ${file.owner}, whom nobody plans`);
  invariant(file.secret || file.fromOperator || !KEY_MATERIAL.test(file.content), `${what} holds key material but is not marked secret`);
  invariant(!file.secret || (file.mode & 0o077) === 0, `${what} is secret and readable by others`);
  invariant(!file.secret || file.part === 'identity', `${what} is secret but not part of the identity`);
  invariant(
    !file.content.includes('\r') && (file.content === '' || file.content.endsWith('\n')),
    `${what} is not text that ends in a newline`,
  );
  for (const unit of file.restarts) invariant(units.has(unit), `${what} restarts ${unit}, which nobody plans`);
}

/** @throws Bug naming the node and the item. */
export function checkPlan(plan: NodePlan): void {
  const where = `plan of ${plan.node.name}`;
  const owners = new Set(['root', ...plan.users.map(user => user.name)]);
  const units = new Set(plan.units.map(unit => unit.name));
  const paths = new Set(plan.files.map(file => file.path));
  invariant(paths.size === plan.files.length, `${where}: a path is planned twice`);
  invariant(new Set(plan.users.map(user => user.uid)).size === plan.users.length, `${where}: two users share a uid`);
  for (const file of plan.files) checkFile(where, file, owners, units);
  for (const { path, owner } of plan.directories) {
    invariant(CLEAN_PATH.test(path), `${where}: directory ${path} is not a clean absolute path`);
    invariant(owners.has(owner), `${where}: directory ${path} belongs to ${owner}, whom nobody plans`);
    invariant(!paths.has(path), `${where}: ${path} is both a file and a directory`);
  }
  for (const unit of units) {
    invariant(/^[a-z-]+\.(service|target|timer|path)$/.test(unit), `${where}: ${unit} is not the name of a unit`);
    const text = plan.files.find(file => file.path.endsWith(`/systemd/system/${unit}`))?.content;
    invariant(text !== undefined, `${where}: unit ${unit} has no file`);
    const enabled = plan.units.some(({ name, startedBy }) => name === unit && startedBy === 'boot');
    invariant(!enabled || text.includes('\n[Install]\n'), `${where}: ${unit} is enabled but has no [Install]`);
  }
  for (const { path, description } of plan.binaries) {
    invariant(
      (CLEAN_PATH.test(path) || /^[a-z-]+$/.test(path)) && description.startsWith(`${basename(path)} `) && !/[\n\r]/.test(description),
      `${where}: binary ${path} cannot stand in the plan file`,
    );
  }
}
