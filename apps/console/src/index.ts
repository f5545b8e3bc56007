import { fileURLToPath } from 'node:url';

/** The folder of the page's files: plain HTML, CSS and JavaScript, served as they are. */
export const consoleFolder = fileURLToPath(new URL('../public', import.meta.url));
