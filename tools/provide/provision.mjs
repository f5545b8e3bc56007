// The provisioning of @tocsin/testing, as Jest's global setup can load it: from source where this Node strips types,
// else from the build. Both setups and the teardown import this file, so they share what was started.
const place = process.features.typescript ? 'src/provision/provide.ts' : 'dist/provision/provide.js';

export const { provide, withdraw } = await import(`../../libs/testing/${place}`);
