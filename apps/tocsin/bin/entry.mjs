#!/usr/bin/env node
// The entry point of the image: the name of a service runs that service, everything else is the `tocsin` command.
import { fileURLToPath } from 'node:url';

const services = ['ingest', 'detect', 'alert', 'deliver', 'gateway'];
const [first] = process.argv.slice(2);
const main = services.includes(first) ? `../../${first}/dist/main.js` : '../dist/main.js';
if (services.includes(first)) process.argv.splice(2, 1);
await import(fileURLToPath(new URL(main, import.meta.url)));
