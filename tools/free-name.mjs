/** Can it be the name of a constant in a module? */
export function isName(name) {
  try {
    new Function(`'use strict'; async () => { const ${name} = 0; };`);
    return true;
  } catch {
    return false;
  }
}

/** Is it imported or declared more than once in one of these sources? Then what is made of them does not compile. */
export const isTaken = (name, sources) =>
  sources.some((source) => {
    const imported = [...source.matchAll(/^import (?:type )?\{([^}]*)\}/gm)].flatMap(([, list]) => list.split(','));
    const declared = [...source.matchAll(/^(?:export )?(?:const|function|class) (\w+)/gm)].map(([, one]) => one);
    return [...imported, ...declared].filter((one) => one.trim() === name).length > 1;
  });
