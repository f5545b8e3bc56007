import { provide } from './provision.mjs';

export default () => provide(['redis']);
