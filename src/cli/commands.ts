import type { Command } from './command.ts';
import { build } from './commands/build.ts';
import { bundleCreate, bundleInspect, bundleVerify } from './commands/bundle.ts';
import { certsCheckExpiration } from './commands/certs-check-expiration.ts';
import { completion } from './commands/completion.ts';
import { explain } from './commands/explain.ts';
import { fetch } from './commands/fetch.ts';
import { imagesList, imagesPin } from './commands/images.ts';
import { init } from './commands/init.ts';
import { inspect } from './commands/inspect.ts';
import { kubeconfig } from './commands/kubeconfig.ts';
import { schema } from './commands/schema.ts';
import { secretsInit, secretsList, secretsReopenBootstrap } from './commands/secrets.ts';
import { status } from './commands/status.ts';
import { validate } from './commands/validate.ts';
import { verify } from './commands/verify.ts';
import { version } from './commands/version.ts';

/** Every command, in the order of the help text. */
export const COMMANDS: readonly Command[] = [
  init,
  build,
  verify,
  validate,
  inspect,
  status,
  certsCheckExpiration,
  imagesList,
  imagesPin,
  fetch,
  bundleCreate,
  bundleVerify,
  bundleInspect,
  kubeconfig,
  secretsInit,
  secretsList,
  secretsReopenBootstrap,
  explain,
  schema,
  version,
  completion,
];
