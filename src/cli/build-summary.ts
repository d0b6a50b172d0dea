import type { BuildOutput } from '../build.ts';
import type { SizeReport } from '../emit/size-report.ts';
import type { Cluster } from '../spec/cluster.ts';
import { clusterSummary } from './cluster-summary.ts';

/** What `build` tells of a build. */
export interface BuildSummary {
  /** Name of the cluster, and of the directory. */
  readonly cluster: string;
  /** One line about the cluster. */
  readonly heading: string;
  readonly kubernetesVersion: string;
  readonly sizes: Pick<SizeReport, 'rows' | 'weights'>;
  readonly issued: number;
  readonly reused: number;
  /** seconds since 1970 */
  readonly firstExpiry: number;
  /** seconds since 1970 */
  readonly bootBefore: number;
  /** Where nodes get image/runtime.tar.gz from, by its name and SHA-256. */
  readonly runtime: BuildOutput['runtime'] & Cluster['runtime'];
  /** No node is Ready before the operator brings a pod network. */
  readonly bringsNoPodNetwork: boolean;
}

export function summaryOf({ cluster, sizes, issued, reused, firstExpiry, bootBefore, runtime }: BuildOutput): BuildSummary {
  return {
    cluster: cluster.name,
    heading: clusterSummary(cluster),
    kubernetesVersion: cluster.version.text,
    sizes: { rows: sizes.rows, weights: sizes.weights },
    issued,
    reused,
    firstExpiry,
    bootBefore,
    runtime: { ...cluster.runtime, ...runtime },
    bringsNoPodNetwork: cluster.podNetwork.type === 'none',
  };
}
