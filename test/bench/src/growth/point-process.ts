import { measurePoint } from './point.ts';
import type { PointJob } from './point.ts';

/* One point in a process of its own: the heap of another one would be collected at its expense. */
const point = await measurePoint(JSON.parse(process.argv[2] ?? '{}') as PointJob);
process.send!(point, () => process.exit(0));
