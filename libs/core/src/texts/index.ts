export * from './field-classes.ts';
export * from './gsm7.ts';
export { languages } from './languages.ts';
export type { Language, Parts, Telling } from './language.ts';
export type { ReasonSentence, ReasonTable } from './reasons.ts';
export * from './render.ts';
