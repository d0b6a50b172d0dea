// Our programs on a node, as they reach it: without comments and indentation.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import { missingTool } from '../missing-tool.ts';
import { smallCluster } from './read-fixture.ts';
import { requestCredentials } from './request-credentials.ts';

const cluster = smallCluster();
const [plan] = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)));
const programs = plan?.files.filter(file => file.mode === 0o755) ?? [];

describe('the programs of a node', () => {
  it('are POSIX scripts', { skip: missingTool('dash') }, () => {
    assert.ok(programs.length >= 3);
    for (const { path, content } of programs) {
      const { stderr } = spawnSync('dash', ['-n'], { input: content, encoding: 'utf8' });
      assert.equal(stderr, '', path);
    }
  });

  it('have no line that begins with a blank or is a comment: user-data has 16 KB', () => {
    for (const { path, content } of programs) assert.doesNotMatch(content.replace('#!/bin/sh\n', ''), /^[\s#]/m, path);
  });
});
