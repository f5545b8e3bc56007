/** Text as HTML shows it. */
export const text = (value: string): string =>
  value.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** A small page of ours: no script, no outside resource, light and dark. `body` is HTML already. */
export const page = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${text(title)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}label{display:block;padding:.15rem 0}button{font:inherit;padding:.5rem 1.2rem}</style>
</head><body><h1>${text(title)}</h1>${body}</body></html>`;
