import { withdraw } from './provision.mjs';

export default () => withdraw();
