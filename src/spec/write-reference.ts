// Writes docs/cluster.md. Run from the repository's root after `tsc`: node build/src/spec/write-reference.js
import { writeFileSync } from 'node:fs';
import { fieldReference } from './explain.ts';

writeFileSync('docs/cluster.md', fieldReference());
