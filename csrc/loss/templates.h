/* loss/templates.h - what loss.c compiles once per element type. No include guard.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "loss/loss_template.h"
#include "loss/block_template.h"
#include "loss/softmax_template.h"
#include "loss/vector_template.h"
