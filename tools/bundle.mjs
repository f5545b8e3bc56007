// Puts every service and the command into few files: node tools/bundle.mjs [FOLDER] writes FOLDER/dist/<app>.js and what they
// share, from a built workspace (`npm run build`). Node keeps the text of every module that it loads, and a table for each:
// bundled, an idle service is smaller and starts sooner. The image is made so, and the bench measures it.
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What stays a package of its own. */
const outside = [
  // They have native parts.
  'lmdb',
  'msgpackr-extract',
  '@node-rs/crc32',
  // libs/kafka changes something inside it, which a second copy in the bundle would not have.
  'kafkajs',
  // Whatever is decorated needs it before, and esbuild may change the order of evaluation between files: each begins with it.
  'reflect-metadata',
];

/** Nest asks for packages that nobody has to install; asked for, they are missed at run time, as without a bundle. */
const optional = {
  name: 'optional packages',
  setup({ onResolve, resolve: look }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === optional || from.kind === 'entry-point') return undefined;
      const found = await look(path, { ...from, pluginData: optional });
      return found.errors.length === 0 ? found : { path, external: true };
    });
  },
};

/** class-validator brings the numbering plans of all countries, megabytes of every service, for a decorator that nothing here uses. */
const numberingPlans = {
  name: 'numbering plans',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^libphonenumber-js\// }, ({ path }) => ({ path, namespace: 'left out' }));
    onLoad({ filter: /.*/, namespace: 'left out' }, () => ({ contents: 'export const parsePhoneNumber = undefined;' }));
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      if (path.includes('node_modules') || !/\bisPhoneNumber\b/i.test(readFileSync(path, 'utf8'))) return undefined;
      return {
        errors: [{ text: `${relative(root, path)} needs libphonenumber-js, which tools/bundle.mjs leaves out.` }],
      };
    });
  },
};

/** Whoever looks for files beside itself looks where it was before: the folders of the image are those of the workspace. */
const beside = {
  name: 'files beside a module',
  setup({ onLoad }) {
    onLoad({ filter: /\.[cm]?js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!/\bimport\.meta\b|\b__(?:dir|file)name\b/.test(text)) return undefined;
      const at = (place) => `__beside(${JSON.stringify(`../${place}`)})`;
      const own = relative(root, path);
      const contents = text
        .replaceAll(/\bimport\.meta\.url\b/g, `${at(own)}.href`)
        .replaceAll(/\bimport\.meta\.filename\b|\b__filename\b/g, `__pathOf(${at(own)})`)
        .replaceAll(/\bimport\.meta\.dirname\b|\b__dirname\b/g, `__pathOf(${at(dirname(own))})`);
      return { contents, loader: 'js' };
    });
  },
};

/** Writes `dist` in the folder, anew. Rejects with what esbuild says when something cannot be bundled. */
export async function bundle(folder) {
  const outdir = join(resolve(folder), 'dist');
  const apps = globSync('apps/*/src/main.ts', { cwd: root }).map((main) => basename(dirname(dirname(main))));
  const missing = apps.map((app) => `apps/${app}/dist/main.js`).filter((main) => !existsSync(join(root, main)));
  if (missing.length > 0) throw new Error(`${missing[0]} is missing: run "npm run build" first.`);
  rmSync(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(apps.map((app) => [app, join(root, 'apps', app, 'dist/main.js')])),
    outdir,
    bundle: true,
    splitting: true,
    chunkNames: 'shared-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: outside,
    plugins: [numberingPlans, optional, beside],
    // Names stay: they are what a stack trace says.
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 160,
    legalComments: 'none',
    logLevel: 'warning',
    banner: {
      js: [
        "import 'reflect-metadata';",
        "import { createRequire as __requireFrom } from 'node:module';",
        "import { fileURLToPath as __pathOf } from 'node:url';",
        'const require = __requireFrom(import.meta.url);',
        'const __beside = (path) => new URL(path, import.meta.url);',
      ].join(''),
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [target = root, ...more] = process.argv.slice(2);
  if (target.startsWith('-') || more.length > 0) {
    console.error('Usage: node tools/bundle.mjs [FOLDER]');
    process.exit(2);
  }
  await bundle(target);
}
