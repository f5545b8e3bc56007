import { createHash } from 'node:crypto';

/** Text as HTML shows it. */
export const text = (value: string): string =>
  value.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const style =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}' +
  'label{display:block;padding:.15rem 0}button{font:inherit;padding:.5rem 1.2rem}';

const styleHash = createHash('sha256').update(style, 'utf8').digest('base64');

/**
 * What such a page may do: show its own style, and send its form to us and, by our redirect, to these origins; a browser
 * counts the redirect as part of sending the form.
 */
export const pagePolicy = (formTargets: readonly string[]): string =>
  `default-src 'none'; style-src 'sha256-${styleHash}'; form-action ${["'self'", ...formTargets].join(' ')}; ` +
  "base-uri 'none'; frame-ancestors 'none'";

/** A small page of ours: no script, no outside resource, light and dark. `body` is HTML already. */
export const page = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${text(title)}</title>
<style>${style}</style>
</head><body><h1>${text(title)}</h1>${body}</body></html>`;
