// Every component, in the order in which they are planned. A component is pure data in, data out; everything of it stands in its own file.
import type { Component } from '../plan/node-plan.ts';
import { addons } from './addons.ts';
import { bootstrap } from './bootstrap.ts';
import { bundled } from './bundled.ts';
import { containerd } from './containerd.ts';
import { coreDns } from './coredns.ts';
import { downloads } from './downloads.ts';
import { etcd } from './etcd.ts';
import { etcdCare } from './etcd-care.ts';
import { firstBoot } from './first-boot.ts';
import { flannel } from './flannel.ts';
import { host } from './host.ts';
import { kubeApiserver } from './kube-apiserver.ts';
import { kubeControllerManager } from './kube-controller-manager.ts';
import { kubeProxy } from './kube-proxy.ts';
import { kubeScheduler } from './kube-scheduler.ts';
import { kubelet } from './kubelet.ts';
import { localProxy } from './local-proxy.ts';
import { metadataService } from './metadata-service.ts';

export const COMPONENTS: readonly Component[] = [
  firstBoot,
  host,
  downloads,
  bundled,
  etcd,
  etcdCare,
  kubeApiserver,
  kubeControllerManager,
  kubeScheduler,
  localProxy,
  containerd,
  metadataService,
  kubelet,
  flannel,
  kubeProxy,
  coreDns,
  bootstrap,
  addons,
];
