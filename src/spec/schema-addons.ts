import { list, text } from './field.ts';

export const addons = list(
  text(
    'sibling-file',
    'A file of manifests beside cluster.yaml, or a directory: then its *.yaml, *.yml and *.json, in the order of their names.',
    {
      examples: ['addons/ingress.yaml'],
    },
  ),
  'Kubernetes objects that the cluster gets after its own, in this order. What is there already stays as it is.',
).default([]);
