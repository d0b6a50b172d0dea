import type { ControlPlane } from './control-plane.ts';
import { keepLogs, tearDown } from './control-plane.ts';

/** Hands a control plane to `use`, then keeps its logs under `label` and takes it down, whatever happened. */
export async function withControlPlane<T>(
  label: string,
  create: () => Promise<ControlPlane>,
  use: (plane: ControlPlane) => Promise<T>,
): Promise<T> {
  const plane = await create();
  try {
    return await use(plane);
  } finally {
    await keepLogs(plane, label);
    await tearDown(plane);
  }
}
