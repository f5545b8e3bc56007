import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needTool } from './tool.ts';

/** A certificate with its key: the PEM texts for a client, the files for a server. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly files: { readonly cert: string; readonly key: string };
}

/** A certificate authority of a test's own. Everything it made goes with `remove`. */
export interface Authority {
  /** Its own certificate, PEM: whom to trust. */
  readonly ca: string;
  readonly caFile: string;
  readonly folder: string;
  /** For a server on loopback, and for a client of this name; the one certificate serves both. */
  issue(commonName: string): Certificate;
  remove(): void;
}

/** Makes an authority with openssl. Elliptic keys, valid for two days, in the form that Java reads too (PKCS #8). */
export function certificateAuthority(): Authority {
  const openssl = needTool('openssl');
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-certificates-'));
  const run = (...parameters: readonly string[]): void => {
    const { status, error, stderr } = spawnSync(openssl, parameters, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${parameters[0]} failed: ${error?.message ?? stderr.trim()}`);
  };
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  try {
    run('req', '-x509', ...ec, '-days', '2', '-subj', '/CN=authority-of-a-test', '-keyout', 'ca.key', '-out', 'ca.pem');
    writeFileSync(join(folder, 'of-a-leaf'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n');
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    ca: read('ca.pem'),
    caFile: join(folder, 'ca.pem'),
    folder,
    issue(commonName) {
      const [key, request, cert] = ['key', 'request', 'pem'].map((end) => `${commonName}.${end}`) as [
        string,
        string,
        string,
      ];
      run('req', '-new', ...ec, '-subj', `/CN=${commonName}`, '-keyout', key, '-out', request);
      const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'of-a-leaf'];
      run('x509', '-req', '-in', request, ...signing, '-out', cert);
      return { cert: read(cert), key: read(key), files: { cert: join(folder, cert), key: join(folder, key) } };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
