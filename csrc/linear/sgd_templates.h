/* linear/sgd_templates.h - what sgd.c compiles once per element type. No include guard.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "core/vec_template.h"
#include "loss/loss_template.h"
#include "loss/block_template.h"
#include "loss/softmax_template.h"
#include "linear/row_template.h"
#include "linear/sgd_template.h"
#include "linear/sgd_single_template.h"
#include "linear/sgd_single_pairs_template.h"
#include "linear/sgd_lanes_template.h"
#include "linear/sgd_lanes_quads_template.h"
#include "linear/sgd_sweep_template.h"
