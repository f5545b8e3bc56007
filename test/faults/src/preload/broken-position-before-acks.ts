import { replace } from './replace.ts';

replace('@tocsin/kafka', './kafka-without-acks.js');
