/* config_value.h: one option's text into its member of Config and back; used by config.c alone. */
#ifndef APP_CONFIG_VALUE_H
#define APP_CONFIG_VALUE_H

#include "app/config.h"
#include "base/base.h"

/* False with ERR_INPUT that says what may be written; config is untouched then. CONFIG_CIDRS
 * appends. */
WARN_UNUSED bool config_value_set(Config *config, const ConfigOption *option, Str value, Err *err);
/* Back to empty: lists before a source that overrides them. */
void config_value_clear(Config *config, const ConfigOption *option);

#endif
