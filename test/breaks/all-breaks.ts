import { ADDON_BREAKS } from './addons.ts';
import type { Break } from './break.ts';
import { BUNDLE_BREAKS } from './bundle.ts';
import { CARRIER_BREAKS } from './carriers.ts';
import { CERTIFICATE_BREAKS } from './certificates.ts';
import { ENCODING_BREAKS } from './encodings.ts';
import { FETCH_BREAKS } from './fetching.ts';
import { FLAG_BREAKS } from './flags.ts';
import { INPUT_BREAKS } from './input.ts';
import { PLAN_BREAKS } from './plan.ts';
import { READING_BREAKS } from './reading.ts';
import { SECRETS_BREAKS } from './secrets.ts';
import { WRITING_BREAKS } from './writing.ts';

export const BREAKS: readonly Break[] = [
  ...INPUT_BREAKS,
  ...CERTIFICATE_BREAKS,
  ...SECRETS_BREAKS,
  ...FLAG_BREAKS,
  ...PLAN_BREAKS,
  ...ADDON_BREAKS,
  ...CARRIER_BREAKS,
  ...ENCODING_BREAKS,
  ...FETCH_BREAKS,
  ...BUNDLE_BREAKS,
  ...READING_BREAKS,
  ...WRITING_BREAKS,
];
