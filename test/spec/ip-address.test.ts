import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { isIPv6 } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { contains, mappedIpv4, overlap, parseAddress, parseSubnet, unusableKind } from '../../src/spec/ip-address.ts';
import { missingTool } from '../missing-tool.ts';

describe('parseAddress', () => {
  it('writes IPv6 as RFC 5952 wants it', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['2001:db8::0:1', '2001:db8::1'],
      ['2001:DB8:0:0:0:0:2:1', '2001:db8::2:1'],
      ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
      ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
      ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
      ['0:0:0:0:0:0:0:0', '::'],
      ['::ffff:10.0.0.1', '::ffff:a00:1'],
      ['1::', '1::'],
    ];
    for (const [written, canonical] of cases) assert.equal(parseAddress(written)?.text, canonical);
  });

  it('agrees with Python about every IPv6 address', { skip: missingTool('python3') }, () => {
    const texts = fc.sample(fc.ipV6(), { numRuns: 500, seed: 7 }).filter(text => isIPv6(text) && !text.includes('%'));
    const program =
      "import sys, json, ipaddress\nprint(json.dumps([int(ipaddress.IPv6Address(t)).__str__() + ' ' + ipaddress.IPv6Address(t).compressed for t in json.load(sys.stdin)]))";
    const run = spawnSync('python3', ['-c', program], { input: JSON.stringify(texts), encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    assert.deepEqual(
      texts.map(text => `${parseAddress(text)?.value} ${parseAddress(text)?.text}`),
      JSON.parse(run.stdout),
    );
  });

  it('reads octal-looking IPv4 as decimal only to suggest what to write', () => {
    assert.equal(parseAddress('010.0.0.1')?.text, '10.0.0.1');
    for (const text of ['10.1', '1.2.3.256', '1.2.3.4.5', '', 'fe80::1%eth0', '10.0.0.1/8', ' 10.0.0.1', '1::2::3', 'cp-1'])
      assert.equal(parseAddress(text), undefined, text);
  });

  it('is stable: a canonical text parses to itself', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), text => {
        const address = parseAddress(text);
        if (address) assert.equal(parseAddress(address.text)?.text, address.text);
      }),
    );
  });

  it('finds IPv4 inside IPv6', () => {
    const mapped = parseAddress('::ffff:10.0.0.1');
    assert.equal(mapped && mappedIpv4(mapped)?.text, '10.0.0.1');
    const plain = parseAddress('::10.0.0.1');
    assert.equal(plain && mappedIpv4(plain), undefined);
  });
});

describe('subnets', () => {
  const subnet = (text: string) => {
    const parsed = parseSubnet(text);
    assert.ok(parsed, text);
    return parsed;
  };
  const address = (text: string) => {
    const parsed = parseAddress(text);
    assert.ok(parsed, text);
    return parsed;
  };

  it('clears host bits', () => {
    assert.equal(subnet('10.96.3.4/12').subnet.cidr, '10.96.0.0/12');
    assert.equal(subnet('fd00:96::1/112').subnet.cidr, 'fd00:96::/112');
    assert.equal(subnet('10.96.0.0/12').canonical, true);
    for (const text of ['10.0.0.0/33', '10.0.0.0', '10.0.0.0/08', '10.0.0.0/8/8', '::/129', 'x/8'])
      assert.equal(parseSubnet(text), undefined, text);
  });

  it('knows both borders', () => {
    const service = subnet('10.96.0.0/16');
    assert.deepEqual(
      ['10.95.255.255', '10.96.0.0', '10.96.255.255', '10.97.0.0'].map(text => contains(service, address(text))),
      [false, true, true, false],
    );
    assert.equal(contains(subnet('::/0'), address('10.0.0.1')), false);
    assert.equal(overlap(service, subnet('10.96.128.0/17')), true);
    assert.equal(overlap(service, subnet('10.97.0.0/16')), false);
  });

  it('names addresses that cannot be dialled', () => {
    assert.equal(unusableKind(address('127.1.2.3')), 'loopback');
    assert.equal(unusableKind(address('febf::1')), 'link-local');
    assert.equal(unusableKind(address('ff02::1')), 'multicast');
    assert.equal(unusableKind(address('10.0.0.1')), undefined);
    assert.equal(unusableKind(address('fd00::1')), undefined);
  });
});
