import { runAlone } from '@tocsin/services';

await runAlone('alert');
