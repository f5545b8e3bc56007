import { registerHooks } from 'node:module';

/**
 * From now on whoever imports the package gets the module beside this one instead, which itself gets the package. So a
 * service can be changed from outside, without a line in the product that would know of it.
 */
export function replace(packageName: string, module: string): void {
  const here = new URL('.', import.meta.url).href;
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== packageName || context.parentURL?.startsWith(here) === true) return next(specifier, context);
      return { url: new URL(module, here).href, shortCircuit: true };
    },
  });
}

/** The same object, some of its methods replaced. */
export const changed = <T extends object>(real: T, changes: Partial<T>): T =>
  new Proxy(real, {
    get(target, name) {
      if (Object.hasOwn(changes, name)) return Reflect.get(changes, name) as unknown;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
