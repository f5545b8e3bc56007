#!/usr/bin/env node
// The entry point of the image: the name of a service runs that service, everything else is the `tocsin` command. The image
// holds each in few files (tools/bundle.mjs), a workspace as it was compiled.
import { existsSync } from 'node:fs';

const services = ['ingest', 'detect', 'alert', 'deliver', 'gateway'];
const [first] = process.argv.slice(2);
const app = services.includes(first) ? first : 'tocsin';
if (app === first) process.argv.splice(2, 1);
const compiled = new URL(`../../${app}/dist/main.js`, import.meta.url);
const bundled = new URL(`../../../dist/${app}.js`, import.meta.url);
await import((existsSync(compiled) ? compiled : bundled).href);
