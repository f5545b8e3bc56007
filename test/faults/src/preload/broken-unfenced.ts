import { replace } from './replace.ts';

replace('@tocsin/redis', './redis-unfenced.js');
