import { replace } from './replace.ts';

replace('@tocsin/engine', './engine-with-extra-output.js');
